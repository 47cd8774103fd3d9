"""Four gRPC servers: plain, over TLS, one without a health service, one that wants a token. Prints their ports."""

import sys
from concurrent import futures

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

Status = health_pb2.HealthCheckResponse


class Guard(grpc.ServerInterceptor):
    """Refuses whoever comes without the token, and repeats what came."""

    def intercept_service(self, continuation, details):
        sent = dict(details.invocation_metadata).get("authorization")
        if sent == "Bearer hunter2-s3cret":
            return continuation(details)

        def refuse(request, context):
            context.abort(grpc.StatusCode.UNAUTHENTICATED, f"unknown: {sent} (ü)")

        return grpc.unary_unary_rpc_method_handler(refuse)


def server(*interceptors, with_health=True):
    made = grpc.server(futures.ThreadPoolExecutor(max_workers=2), interceptors=interceptors)
    if with_health:
        servicer = health.HealthServicer()
        for name, status in {
            "": Status.SERVING,
            "orders.v1.Orders": Status.SERVING,
            "slow.v1.Slow": Status.NOT_SERVING,
            "new.v1.New": Status.UNKNOWN,
        }.items():
            servicer.set(name, status)
        health_pb2_grpc.add_HealthServicer_to_server(servicer, made)
    return made


certificate, key = (open(path, "rb").read() for path in sys.argv[1:3])
plain, secured, bare, guarded = server(), server(), server(with_health=False), server(Guard())
ports = [
    plain.add_insecure_port("127.0.0.1:0"),
    secured.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(key, certificate)])),
    bare.add_insecure_port("127.0.0.1:0"),
    guarded.add_insecure_port("127.0.0.1:0"),
]
for each in (plain, secured, bare, guarded):
    each.start()
print(*ports, flush=True)
plain.wait_for_termination()
