"""Values and arithmetic of the workbench; the standard library only, no file of a run is opened here."""
