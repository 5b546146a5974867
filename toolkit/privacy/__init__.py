"""What keeps a study private: encryption and its keys (`vault`, `identities`), and drafts without identifiers."""
