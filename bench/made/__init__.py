"""Documents that we make ourselves, with their truth: words, layouts and locales mixed from general facts."""
