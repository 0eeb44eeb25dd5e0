"""The providers of this application, in the order in which they register."""

providers = [
    "app.providers.app_provider:AppProvider",
]
