"""The nouns of the management side: what a draft holds and how its texts are read. No I/O, nothing of the wire."""
