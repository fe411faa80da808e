# One image for every service and for Ray; `docker build --build-arg LOCK=requirements.lock .` for a site with a GPU.
FROM python:3.11-slim-bookworm
ARG LOCK=requirements-slim.lock
# LightGBM's threads.
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/wardwatch
COPY setup/bootstrap.lock ${LOCK} ./
RUN pip install --no-cache-dir --require-hashes --only-binary=:all: -r bootstrap.lock \
    && uv pip install --system --no-cache --require-hashes --only-binary=:all: -r ${LOCK}
COPY schemas schemas
COPY ray_jobs ray_jobs
COPY services services
COPY LICENSE pyproject.toml ./
ENV PYTHONPATH=/opt/wardwatch PYTHONUNBUFFERED=1
RUN printf '#!/bin/sh\nexec python -m services.cli.main "$@"\n' > /usr/local/bin/wardwatch \
    && chmod 755 /usr/local/bin/wardwatch \
    && useradd --system --uid 10001 --home-dir /var/lib/wardwatch --create-home wardwatch
USER wardwatch
VOLUME /var/lib/wardwatch
ENTRYPOINT ["wardwatch"]
