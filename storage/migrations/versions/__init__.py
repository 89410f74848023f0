"""One module a revision; each names the one before it. What is here has been applied somewhere and is never altered."""
