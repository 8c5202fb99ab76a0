"""Where the work is done: on this machine, or spread over the workers of a cluster; the results are the same."""
