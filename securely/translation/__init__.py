"""Translations: lines of text by key and locale, plural forms among them."""
