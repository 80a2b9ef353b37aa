"""Trains the models of the ensemble on what `tickforge features` wrote, and says of each what it is worth."""
