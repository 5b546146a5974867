"""Analytics and supervision toolkit for consented recordings of counselling and therapy sessions."""

from toolkit.offline import quiet

quiet()  # here, because it must come before any dependency is imported
