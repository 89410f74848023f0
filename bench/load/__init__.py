"""Child processes of the benches: what makes the load, and what it is compared with."""
