"""From a study's data to numbers with intervals over seeds. Data in, numbers out: no files."""
