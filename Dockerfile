# One image for every part; docker-compose.yaml says which part a container runs.
FROM python:3.11-slim-bookworm

RUN apt-get update \
 && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk fonts-dejavu-core \
 && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir uv==0.13.9

WORKDIR /app
ENV UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1 PREFECT_SERVER_ANALYTICS_ENABLED=false DO_NOT_TRACK=1
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --frozen --no-dev --no-install-project
COPY . .
RUN uv sync --frozen --no-dev

RUN useradd --system --create-home --home-dir /home/tocsin tocsin && mkdir /data && chown tocsin /data
USER tocsin
ENV PATH=/app/.venv/bin:$PATH TOCSIN_HOME=/data
ENTRYPOINT ["tocsin"]
CMD ["serve"]
