# One image for each process: `docker build --target intake .`
# An image contains services/common and the code of its own process, and no other service's code.

ARG PYTHON=python:3.13-slim

FROM ${PYTHON} AS packages
# Set it to use a mirror; otherwise pip uses its default index.
ARG PIP_INDEX_URL
COPY requirements.lock /tmp/requirements.lock
RUN python -m venv /opt/postigo \
 && /opt/postigo/bin/pip install --no-cache-dir --only-binary=:all: --require-hashes -r /tmp/requirements.lock

FROM ${PYTHON} AS base
RUN groupadd --gid 10001 postigo \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /app --shell /usr/sbin/nologin postigo
COPY --from=packages /opt/postigo /opt/postigo
WORKDIR /app
COPY services/__init__.py services/
COPY services/common services/common
# Listen on all addresses of the container: its networks decide who can connect.
ENV PATH=/opt/postigo/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HTTP_HOST=0.0.0.0 \
    HTTP_PORT=8000 \
    INTERNAL_HOST=0.0.0.0 \
    INTERNAL_PORT=8001
EXPOSE 8001
USER 10001:10001

FROM base AS documents
COPY services/documents services/documents
CMD ["python", "-m", "services.documents"]

FROM base AS intake
COPY services/intake services/intake
CMD ["python", "-m", "services.intake"]

FROM base AS routing
COPY services/routing services/routing
CMD ["python", "-m", "services.routing"]

FROM base AS notifications
COPY services/notifications services/notifications
CMD ["python", "-m", "services.notifications"]

FROM base AS gateway
COPY gateway gateway
EXPOSE 8000
CMD ["python", "-m", "gateway"]

FROM base AS gateway-worker
COPY gateway gateway
CMD ["python", "-m", "gateway.worker"]

# The command line, for single commands such as `postigo topics apply`.
FROM base AS tools
COPY deploy deploy
ENTRYPOINT ["python", "-m", "deploy.cli"]
CMD ["--help"]
