"""What every run needs: many calls at once, the lease, interrupts."""
