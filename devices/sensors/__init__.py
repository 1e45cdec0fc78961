"""What simulated devices measure: each sensor is a frozen value whose readings depend on nothing but seed and time."""
