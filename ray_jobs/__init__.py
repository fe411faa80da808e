"""What is computed: the only home of torch, ray, lightgbm and ortools (imports go services -> ray_jobs -> schemas)."""
