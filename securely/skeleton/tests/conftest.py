"""The fixtures `app`, `artisan` and `clock` come with Securely; yours go here."""
