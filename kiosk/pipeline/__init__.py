"""One picture's way from frame to assessment: arrays in, values out."""
