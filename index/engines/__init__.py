"""The search engines, one module each: nothing outside this package imports one."""
