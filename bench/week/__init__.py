"""A simulated week of a city for `bench.alarms`: its site, its plants, the troubles of its instruments, its traffic."""
