"""Parts of the chaos and outage benches: known readings, an oracle of their alarms, a publisher, faults and the audit.

None of them asks the platform what is right: what was published and what it must lead to is computed here.
"""
