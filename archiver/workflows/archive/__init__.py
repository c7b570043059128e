"""An archive as a whole: made, its people let in, its register kept, its trail's keys and stamps, how it stands."""
