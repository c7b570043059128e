"""The rules that ship with the product, in the words sites use; and rules of an archive's own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from archiver.core.errors import BadSettings
from archiver.core.records import Outcome
from capture.observation import Banner, PageSigns
from capture.verdict.outcome_rules import OutcomeRules, rules_with, shipped_rules
from capture.verdict.outcomes import PageFacts, Verdict, judge
from capture.verdict.sentences import fold, sentences

URL = "https://social.example/town/7"
MOMENT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def verdict_on(text: str = "", rules: OutcomeRules | None = None, **changed: Any) -> Verdict:
    signs = PageSigns(title="Town", text=text, text_length=2000, main_length=len(text) or 2000, media=2)
    known: dict[str, Any] = {"url": URL, "final_url": URL, "chain": (URL,), "status": 200, "at": MOMENT, "signs": signs}
    return judge(PageFacts(**(known | changed)), rules)


@pytest.mark.parametrize(
    ("text", "outcome", "cause"),
    [
        ("Please log in to continue.", Outcome.LOGIN_WALL, "login_page"),
        ("Log in or sign up to view See posts, photos and more.", Outcome.LOGIN_WALL, "login_page"),
        ("Connectez-vous pour voir la suite", Outcome.LOGIN_WALL, "login_page"),
        ("Melden Sie sich an, um fortzufahren", Outcome.LOGIN_WALL, "login_page"),
        ("देखने के लिए लॉग इन करें", Outcome.LOGIN_WALL, "login_page"),
        ("جاری رکھنے کے لیے لاگ ان کریں", Outcome.LOGIN_WALL, "login_page"),
        ("দেখতে লগ ইন করুন", Outcome.LOGIN_WALL, "login_page"),
        ("চাবলৈ লগ ইন কৰক", Outcome.LOGIN_WALL, "login_page"),
        ("Verify you are human by completing the action below.", Outcome.CHALLENGE, "bot_check"),
        ("Our systems have detected unusual traffic from your computer network.", Outcome.CHALLENGE, "bot_check"),
        ("Je ne suis pas un robot", Outcome.CHALLENGE, "bot_check"),
        ("Bestätigen Sie, dass Sie kein Roboter sind", Outcome.CHALLENGE, "bot_check"),
        ("मैं रोबोट नहीं हूँ", Outcome.CHALLENGE, "bot_check"),
        ("میں روبوٹ نہیں ہوں", Outcome.CHALLENGE, "bot_check"),
        ("আমি রোবট নই", Outcome.CHALLENGE, "bot_check"),
        ("মই ৰবট নহয়", Outcome.CHALLENGE, "bot_check"),
        ("Rate limit exceeded", Outcome.THROTTLED, "rate_limit"),
        ("Please wait a few minutes before you try again.", Outcome.THROTTLED, "rate_limit"),
        ("You’re Temporarily Blocked", Outcome.THROTTLED, "rate_limit"),
        ("Trop de requêtes", Outcome.THROTTLED, "rate_limit"),
        ("बहुत अधिक अनुरोध", Outcome.THROTTLED, "rate_limit"),
        ("This video is not available in your country.", Outcome.FAILED, "geo_block"),
        ("Ce contenu n’est pas disponible dans votre pays", Outcome.FAILED, "geo_block"),
        ("Dieses Video ist in deinem Land nicht verfügbar", Outcome.FAILED, "geo_block"),
        ("यह वीडियो आपके देश में उपलब्ध नहीं है", Outcome.FAILED, "geo_block"),
        ("یہ ویڈیو آپ کے ملک میں دستیاب نہیں", Outcome.FAILED, "geo_block"),
        ("এই ভিডিওটি আপনার দেশে উপলব্ধ নয়", Outcome.FAILED, "geo_block"),
        ("এই ভিডিঅ’টো আপোনাৰ দেশত উপলব্ধ নহয়", Outcome.FAILED, "geo_block"),
        ("Before you continue to YouTube. We use cookies and data to", Outcome.FAILED, "consent_wall"),
        ("Avant d’accéder à Google Nous utilisons des cookies", Outcome.FAILED, "consent_wall"),
        ("Bevor Sie zu Google weitergehen Wir verwenden Cookies", Outcome.FAILED, "consent_wall"),
        ("Error establishing a database connection", Outcome.FAILED, "site_error"),
        ("There has been a critical error on this website. Learn more.", Outcome.FAILED, "site_error"),
        ("Fatal error: Uncaught Error in /srv/www/index.php", Outcome.FAILED, "site_error"),
        ("SQLSTATE[HY000] [2002] Connection refused", Outcome.FAILED, "site_error"),
        ("Something went wrong. Try reloading.", Outcome.FAILED, "site_error"),
        ("Oops! An error occurred.", Outcome.FAILED, "site_error"),
        ("Une erreur est survenue", Outcome.FAILED, "site_error"),
        ("Ein Fehler ist aufgetreten", Outcome.FAILED, "site_error"),
        ("कुछ गलत हो गया", Outcome.FAILED, "site_error"),
        ("کچھ غلط ہو گیا", Outcome.FAILED, "site_error"),
        ("কিছু ভুল হয়েছে", Outcome.FAILED, "site_error"),
        ("কিবা ভুল হ’ল", Outcome.FAILED, "site_error"),
        ("Site en maintenance", Outcome.FAILED, "maintenance"),
        ("We’ll be back soon!", Outcome.FAILED, "maintenance"),
        ("This post has been deleted.", Outcome.FAILED, "tombstone"),
        ("This Tweet was deleted by the Tweet author.", Outcome.FAILED, "tombstone"),
        ("[removed]", Outcome.FAILED, "tombstone"),
        ("Hmm...this page doesn’t exist. Try searching for something else.", Outcome.FAILED, "tombstone"),
        ("Cette publication a été supprimée", Outcome.FAILED, "tombstone"),
        ("Dieser Beitrag wurde gelöscht.", Outcome.FAILED, "tombstone"),
        ("Diese Seite existiert nicht mehr", Outcome.FAILED, "tombstone"),
        ("यह पोस्ट हटा दी गई है", Outcome.FAILED, "tombstone"),
        ("یہ پوسٹ حذف کر دی گئی ہے", Outcome.FAILED, "tombstone"),
        ("এই পোস্টটি মুছে ফেলা হয়েছে", Outcome.FAILED, "tombstone"),
        ("এই পোষ্টটো মচি পেলোৱা হৈছে", Outcome.FAILED, "tombstone"),
        ("This content isn’t available right now", Outcome.FAILED, "withheld"),
        ("These posts are protected", Outcome.FAILED, "withheld"),
        ("You need to enable JavaScript to run this app.", Outcome.FAILED, "empty_shell"),
        ("Loading…", Outcome.FAILED, "empty_shell"),
        ("लोड हो रहा है…", Outcome.FAILED, "empty_shell"),
        ("ল’ড হৈ আছে...", Outcome.FAILED, "empty_shell"),
    ],
)
def test_pages_that_are_no_content_are_told_in_every_language(text: str, outcome: Outcome, cause: str) -> None:
    verdict = verdict_on(text)
    assert (verdict.outcome, verdict.cause) == (outcome, cause)
    assert verdict.reason


@pytest.mark.parametrize(
    "text",
    [
        "The dead elm at Main Street has been removed. Thank you for your patience. The crew was there on Monday.",
        "Council: how to log in to the new parking portal. The guide explains every step with pictures.",
        "We learned that something went wrong at the water plant last night. Crews worked until four.",
        "The road is closed for repairs. Please wait a few days before you call about the new schedule.",
        "The bylaw is not available in French yet. It comes on Monday.",
        "L’avis a été publié mardi. Les travaux commencent lundi.",
        "Der Beitrag der Stadt zum Fest beträgt 500 Euro.",
        "পানী এতিয়া নিৰাপদ। ধন্যবাদ।",
        "पानी अब सुरक्षित है। धन्यवाद।",
        "پانی اب محفوظ ہے۔ شکریہ۔",
        "💧",
    ],
)
def test_short_notices_of_a_town_are_content(text: str) -> None:
    dated = PageSigns(title="Town", text=text, text_length=2000, main_length=len(text), dated=1)
    assert verdict_on(signs=dated).outcome is Outcome.COMPLETE
    assert verdict_on(text).outcome.files_content


def test_a_thread_in_which_one_comment_was_deleted_is_content() -> None:
    text = "Road works. " + "A comment about the road works, of some length. " * 20 + "This comment has been deleted."
    assert verdict_on(text).outcome is Outcome.COMPLETE


@pytest.mark.parametrize(
    "address",
    [
        "https://consent.youtube.com/m?continue=x",
        "https://guce.yahoo.example/consent?brand",
        "https://social.example/user/cookie-consent?next=/town/7",
    ],
)
def test_a_redirect_to_a_consent_page_is_a_consent_wall(address: str) -> None:
    verdict = verdict_on(final_url=address, chain=(URL, address))
    assert (verdict.outcome, verdict.cause) == (Outcome.FAILED, "consent_wall")


def test_a_consent_box_that_stays_over_the_whole_page_is_a_consent_wall() -> None:
    over = Banner(text="We value your privacy", share=0.9)
    assert verdict_on(banner=over).cause == "consent_wall"
    assert verdict_on(banner=replace(over, share=0.2)).outcome is Outcome.COMPLETE
    assert verdict_on(banner=replace(over, dismissed=True)).outcome is Outcome.COMPLETE


def test_a_block_by_country_comes_before_the_403_it_is_sent_with() -> None:
    assert verdict_on("Not available in your country", status=403).cause == "geo_block"


def test_what_a_captcha_stands_on_is_named() -> None:
    signs = PageSigns(text_length=40, challenges=("hCaptcha", "captcha"))
    assert verdict_on(signs=signs).reason == "the site asked to prove that a person is looking (hCaptcha, captcha)"


def test_every_shipped_rule_has_its_own_name_and_never_ends_in_content_without_a_doubt() -> None:
    rules = shipped_rules().rules
    assert len({each.name for each in rules}) == len(rules)
    assert not any(each.outcome is Outcome.COMPLETE for each in rules)
    assert [each.name for each in rules if each.doubts] == ["short-and-in-doubt"]


def test_a_short_page_without_a_date_that_talks_like_a_wall_is_filed_in_doubt_and_says_so() -> None:
    verdict = verdict_on("Sorry, our hamsters need a rest.")
    assert (verdict.outcome, verdict.cause) == (Outcome.PARTIAL, "doubtful")
    assert "'Sorry, our hamsters need a rest.'" in verdict.reason
    signs = PageSigns(text="Sorry, our hamsters need a rest.", text_length=400, main_length=32)
    assert verdict_on(signs=replace(signs, dated=1)).outcome is Outcome.COMPLETE
    assert verdict_on(signs=replace(signs, main_length=900)).outcome is Outcome.COMPLETE
    assert verdict_on(signs=signs, vouched=True).outcome is Outcome.COMPLETE
    assert verdict_on("Sorry", rules_with([], ["short-and-in-doubt"])).outcome is Outcome.COMPLETE


def test_a_page_that_stands_at_any_address_is_no_content_unless_it_is_the_front_page() -> None:
    verdict = verdict_on("Nous avons déménagé", anywhere=True)
    assert (verdict.outcome, verdict.cause) == (Outcome.FAILED, "any_address")
    assert "'Nous avons déménagé'" in verdict.reason
    front = verdict_on("Town hall", url="https://social.example/", anywhere=True)
    assert (front.outcome, front.cause) == (Outcome.PARTIAL, "doubtful")


def test_a_page_of_nothing_but_its_frame_is_an_empty_shell() -> None:
    assert verdict_on(signs=PageSigns(text_length=300, bare=True)).cause == "empty_shell"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("لاگ اِن کریں", "لاگ ان کریں"),
        ("بہت زيادہ درخواستيں", "بہت زیادہ درخواستیں"),
        ("बहुत ज़्यादा अनुरोध", "बहुत ज्यादा अनुरोध"),
        ("ৰ'বট", "ৰ’বট"),
    ],
)
def test_marks_that_writers_leave_out_change_no_word(text: str, read: str) -> None:
    assert fold(text) == fold(read)


def test_sentences_are_the_titles_parts_and_what_stands_between_full_stops_and_lines() -> None:
    lines = ["Page not found? Here it is.", "पृष्ठ नहीं मिला। क्षमा करें।", "صفحہ نہیں ملا۔ معذرت۔", "পৃষ্ঠাটো পোৱা নগ’ল"]
    assert sentences("404 | Town - Ville", lines) == (
        "404", "Town", "Ville", "Here it is", "पृष्ठ नहीं मिला", "क्षमा करें", "صفحہ نہیں ملا", "معذرت", "পৃষ্ঠাটো পোৱা নগ’ল",
    )  # fmt: skip


# -- an archive's own -------------------------------------------------------------------------

OWN = {
    "name": "town-paywall",
    "outcome": "login_wall",
    "cause": "paywall",
    "reason": "the page is for subscribers: {text}",
    "sites": ["*.gazette.example", "social.example"],
    "text": ["abonnés seulement|केवल ग्राहकों"],
    "max_main": 300,
}


def test_an_own_rule_is_asked_first() -> None:
    rules = rules_with([OWN])
    verdict = verdict_on("Article réservé : abonnés seulement", rules)
    assert verdict == Verdict(
        outcome=Outcome.LOGIN_WALL,
        cause="paywall",
        reason="the page is for subscribers: 'Article réservé : abonnés seulement'",
    )
    elsewhere = "https://other.example/7"
    assert verdict_on("abonnés seulement", rules, url=elsewhere, final_url=elsewhere).outcome.files_content


def test_a_shipped_rule_can_be_left_out_by_its_name() -> None:
    names = ["login-words", "login-of-this-page", "login-sentence", "short-and-in-doubt"]
    assert verdict_on("Please log in to continue.", rules_with([], names)).outcome is Outcome.COMPLETE


def test_rules_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(
        '[[rule]]\nname = "busy"\noutcome = "throttled"\ncause = "queue"\nreason = "a queue: {text}"\n'
        "text = ['কিউত আছে']\n",
        encoding="utf-8",
    )
    verdict = verdict_on("আপুনি কিউত আছে", rules_with([], rules_file=str(file)))
    assert (verdict.outcome, verdict.cause) == (Outcome.THROTTLED, "queue")


def test_a_rule_asks_the_page_about_its_selectors() -> None:
    rules = rules_with([{**OWN, "text": ["."], "selector": ["#paywall"]}])
    assert "#paywall" in rules.selectors
    assert verdict_on("A text", rules).outcome is Outcome.COMPLETE
    signs = PageSigns(text="A text", text_length=6, main_length=6, matched=("#paywall",))
    assert verdict_on(rules=rules, signs=signs).cause == "paywall"


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"name": ""}, "archive.toml: outcomes.rule[1].name: must be a text"),
        ({"outcome": "complete"}, "outcomes.rule[1].outcome: 'complete' is none of login_wall, challenge, throttled"),
        ({"cause": "Pay wall"}, "outcomes.rule[1].cause: 'Pay wall' must be of the letters a-z"),
        ({"text": ["("]}, "outcomes.rule[1].text[1]: '(' is no regular expression"),
        ({"text": "x"}, "outcomes.rule[1].text: must be a list of texts, not 'x'"),
        ({"texts": ["x"]}, "outcomes.rule[1].texts: unknown key; known: name, outcome"),
        ({"status": ["6xx"]}, "outcomes.rule[1].status: '6xx' is neither a status code nor one of ok, 4xx, 5xx"),
        ({"max_main": -1}, "outcomes.rule[1].max_main: must be a whole number of at least 0, not -1"),
        ({"password": 1}, "outcomes.rule[1].password: must be true or false, not 1"),
        ({"header": ["x"]}, "outcomes.rule[1].header[1]: 'x' must be a header's name, a colon"),
        ({"name": "tombstone"}, "outcomes: two rules are named 'tombstone'"),
        ({"text": []}, "outcomes.rule[1].text: must be a list of texts"),
    ],
)
def test_a_fault_in_a_rule_is_told_by_its_key(changed: dict[str, object], fault: str) -> None:
    with pytest.raises(BadSettings) as caught:
        rules_with([{**OWN, **changed}])
    assert fault in str(caught.value)


def test_a_rule_that_would_take_every_page_of_a_site_is_refused() -> None:
    bare = {key: value for key, value in OWN.items() if key != "text"}
    with pytest.raises(BadSettings, match="has no condition that tells one page of a site from another"):
        rules_with([bare])


def test_a_name_that_no_rule_has_and_a_file_that_is_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(BadSettings) as caught:
        rules_with([], ["tombstones"], rules_file=str(tmp_path / "none.toml"))
    assert "outcomes.without: no rule is named 'tombstones'" in str(caught.value)
    assert "outcomes.rules_file: " in str(caught.value)
