"""One camera, one classifier, one case: from the tap on Capture to Done."""
