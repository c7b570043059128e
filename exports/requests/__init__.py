"""The register's law: clocks, days and rules of the access laws, what a review must be, figures of requests."""
