"""Revisions of the ledger's tables, and the step that brings a database to the newest of them."""
