"""The screens: each draws itself from data and hands what was tapped to its caller."""
