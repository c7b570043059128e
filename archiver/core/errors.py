"""One tree of errors. Each class's docstring is the manual's text; each exit code is unique.

Exit codes: 1 is an internal error (a bug), 2 a misspelt command (click's own), 3-99 errors,
100-127 outcomes of a finished run that was not wholly good.
"""

from __future__ import annotations

from typing import ClassVar


class ArchiverError(Exception):
    """Something the archive could not do; the message names the subject, the rule and the next step."""

    exit_code: ClassVar[int] = 3


# -- the archive itself ---------------------------------------------------------------------


class ArchiveNotFound(ArchiverError):
    """The directory named is not an archive. Make one with `archiver init`, or name another with
    `--archive`.
    """

    exit_code = 4


class ArchiveExists(ArchiverError):
    """`archiver init` found an archive, or other files, where it should make one."""

    exit_code = 5


class BadSettings(ArchiverError):
    """`archive.toml` cannot be used; the message names each key at fault and what it takes."""

    exit_code = 6


class ArchiveBusy(ArchiverError):
    """Another run is writing to the archive. Wait for it to end, then try again."""

    exit_code = 7


class DisposalLocked(ArchiverError):
    """The archive was rebuilt and decisions are missing: nothing may be disposed of until two people confirm
    them.
    """

    exit_code = 8


class StorageFull(ArchiverError):
    """The disk is full, or the place refuses to be written. Nothing half-written is kept as evidence."""

    exit_code = 9


class SchemaTooNew(ArchiverError):
    """The archive was written by a newer version of Archiver. Update Archiver; the archive was not
    touched.
    """

    exit_code = 10


# -- people ---------------------------------------------------------------------------------


class NotLoggedIn(ArchiverError):
    """The command decides or changes something and nobody is logged in. Run `archiver login`."""

    exit_code = 15


class LoginRefused(ArchiverError):
    """The name or the secret is wrong, or the person is disabled."""

    exit_code = 16


class NotPermitted(ArchiverError):
    """The person's role does not allow the act; the message names a role that does."""

    exit_code = 17


class SecondPersonNeeded(ArchiverError):
    """The act needs a second, different, authenticated person."""

    exit_code = 18


# -- what a person types --------------------------------------------------------------------


class BadInput(ArchiverError):
    """A value given on the command line cannot be used; nothing was changed."""

    exit_code = 20


class NotFound(ArchiverError):
    """No record, account, job, person, class or request of that name or id exists in this archive."""

    exit_code = 21


class AlreadyExists(ArchiverError):
    """An account, job, person or request of that name exists already."""

    exit_code = 22


class BadQuery(ArchiverError):
    """The search query cannot be understood; the message points at the place.

    `position` and `end` are offsets into the query, in characters.
    """

    exit_code = 23

    def __init__(self, message: str, *, query: str = "", position: int = 0, end: int | None = None) -> None:
        super().__init__(message)
        self.query = query
        self.position = position
        self.end = position + 1 if end is None else end


class TermsRefused(ArchiverError):
    """Some queries of a term list cannot be understood; the report names each with its line. The others were
    searched, and their hits are told.
    """

    exit_code = 65


class BadFilePlan(ArchiverError):
    """A file plan cannot be loaded; every fault found is listed with its place."""

    exit_code = 24


# -- evidence -------------------------------------------------------------------------------


class EvidenceDamaged(ArchiverError):
    """Stored evidence differs from what was recorded, is missing, or could not be read."""

    exit_code = 30


class TrailBroken(ArchiverError):
    """The audit trail was edited, cut, reordered, or does not belong to this catalogue."""

    exit_code = 31


class BadWarc(ArchiverError):
    """A WARC file cannot be read to its end; the message names the file and the offset."""

    exit_code = 32


class IndexDamaged(ArchiverError):
    """The search index is damaged. The next search makes it anew, `archiver index rebuild` does at once; no
    evidence is lost.
    """

    exit_code = 33


class IndexOutdated(IndexDamaged):
    """There is no search index yet, or another version or engine made it. The next search makes it anew."""

    exit_code = 60


class TimestampFailed(ArchiverError):
    """The time-stamping authority gave no usable stamp; the message says why. Nothing is lost: a later run
    asks again.
    """

    exit_code = 35


# -- capturing ------------------------------------------------------------------------------


class BrowserMissing(ArchiverError):
    """No usable Chromium was found. Install the system's (Debian: `apt install chromium`) or set
    `capture.browser`.
    """

    exit_code = 40


class RecorderFailed(ArchiverError):
    """The recording proxy did not start or died; nothing it was recording is filed."""

    exit_code = 41


class BrowserFailed(ArchiverError):
    """The browser did not start or died; nothing it was showing is filed."""

    exit_code = 42


class SiteSessionUnusable(ArchiverError):
    """A site's stored login cannot be opened: its key is not on this machine, or its file is damaged or another's.
    Store it anew with `archiver session import` or `archiver session login`.
    """

    exit_code = 43


class SiteLoginFailed(ArchiverError):
    """A site no longer takes a stored login, or it could not be told whether it does, or no login could be made
    here. Captures of a site that no longer takes its login end `login_wall` until it is renewed.
    """

    exit_code = 44


# -- handing over ---------------------------------------------------------------------------


class BundleInvalid(ArchiverError):
    """An export bundle differs from its own manifest, is incomplete, or could not be checked; every defect is
    listed.
    """

    exit_code = 50


class ProductionRefused(ArchiverError):
    """A production cannot be made as asked: nothing was found to produce, or evidence it needs is damaged."""

    exit_code = 51


# -- disposal ---------------------------------------------------------------------------------


class MassOfDueRecords(ArchiverError):
    """Suddenly a great part of all records is due, or the clock seems to have jumped: nothing is proposed until an
    approver has looked and says that it is meant (`archiver disposal propose --confirm-mass`).
    """

    exit_code = 70


class BatchNotReady(ArchiverError):
    """The batch is not in the state the act asks for: it lacks approvals, is done, was withdrawn, or its list is not
    the one that was approved.
    """

    exit_code = 71


class CopyUnreachable(ArchiverError):
    """The mirror of the trail, a second copy or the place of transfer cannot be reached. Nothing goes before it was
    announced there, and no certificate is issued before every copy is gone: mount it, then run again.
    """

    exit_code = 72


class CalendarGap(ArchiverError):
    """A legal day cannot be reckoned because the calendar of public holidays does not reach it. Enter the days in
    `requests.closed_days`, or the jurisdiction's calendar is none that is known.
    """

    exit_code = 80


class ReviewConflict(ArchiverError):
    """The review is not finished: items are undecided, coded against each other, or wait for a second reviewer. The
    message lists them.
    """

    exit_code = 81


class RedactionRefused(ArchiverError):
    """A redaction cannot be made as asked: it names nothing that is there, or has no section or reason."""

    exit_code = 82


class LeakFound(ArchiverError):
    """A production still shows what was to be redacted, or a part of it could not be searched. Nothing was sealed;
    each place is named.
    """

    exit_code = 83
    elsewhere: tuple[str, ...] = ()
    """Places that a person may acknowledge: something redacted elsewhere stands there, or they cannot be searched."""


class PreflightFailed(ArchiverError):
    """A production would not stand: records are unreviewed, held back without a decision, damaged or gone. Each is
    named with what to do.
    """

    exit_code = 84


class BackupKeyWrong(ArchiverError):
    """The key file or passphrase is not the one the backup was made with. Without it nobody can open it."""

    exit_code = 73


class BackupDamaged(ArchiverError):
    """A file of a backup differs from what was sealed, or is lost. Take it from another place of the backup, or an
    older set; `archiver backup check` names each.
    """

    exit_code = 74


class DrillFailed(ArchiverError):
    """An archive was restored from a backup for practice and is not what it must be; each difference is listed."""

    exit_code = 75


# -- a finished run that was not wholly good ------------------------------------------------


class CaptureUnhealthy(ArchiverError):
    """The capture ended in a login wall, a challenge, throttling or a failure: nothing was filed."""

    exit_code = 100


class CaptureRefused(ArchiverError):
    """The address is one the archive must not connect to. Allow it by name in `capture.allow_hosts` if it is
    meant.
    """

    exit_code = 101


class Interrupted(ArchiverError):
    """The run was interrupted. What was filed before stays filed; what was under way is recorded as
    failed.
    """

    exit_code = 102


class NightUnhealthy(ArchiverError):
    """The night ended, and some captures were not healthy; the report lists each with its reason."""

    exit_code = 103


class AccountMissed(ArchiverError):
    """The night ended without one healthy capture of an account or job; the report says which and why."""

    exit_code = 104


class NightCutShort(ArchiverError):
    """The night's time was over, or a site asked to come back later, before all its work was done; the next
    night catches up.
    """

    exit_code = 105


class NightDoubtful(ArchiverError):
    """A stored file differs from what was recorded, or the index, the snapshot or the report could not be made: run
    `archiver verify`. Or a backup, or a practised restore, is late.
    """

    exit_code = 106
