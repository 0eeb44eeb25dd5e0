"""The providers of this application, in the order in which they register."""

providers = [
    "app.providers.first_provider:FirstProvider",
    "app.providers.second_provider:SecondProvider",
]
