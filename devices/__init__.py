"""What a device says, and simulated fleets that say it as real ones would."""
