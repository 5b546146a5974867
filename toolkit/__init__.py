"""Analytics and supervision toolkit for consented recordings of counselling and therapy sessions."""
