"""Ingest: MQTT messages into committed blocks of readings, every one of them counted."""
