"""A dermatoscopy model on an edge device: verified bundle, preprocessing, inference, calibrated prediction."""
