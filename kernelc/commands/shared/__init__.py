"""What several commands share: options, paths, opening of models and artifacts, tables and progress bars."""
