"""Takes the pictures of the documents: the real pages of a real stack, in Debian's Chromium."""
