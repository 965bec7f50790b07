"""Learning from answers the model writes itself: drawn, scored, and learnt from by the group or with a critic."""
