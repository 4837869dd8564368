//! Routing precedence, refused records and what applying one leaves alone.
