"""The benchmarks, and the baselines that they compare with."""
