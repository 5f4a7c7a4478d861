-- Prefect keeps its own database beside Tocsin's.
CREATE DATABASE prefect OWNER tocsin;
