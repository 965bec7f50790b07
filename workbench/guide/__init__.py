"""What the workbench proposes at each station of the road, and what it asks for it; knows no flags and no screen."""
