"""The scale mode's other half: fake nodes and kube-proxy pods in a real API server, and one kubelet for all of them.

It fills the API server with real objects, plays DaemonSet controller and kubelet for pods that are deleted, and serves
exec by WebSocket behind TLS with client certificates. Its times are exact: what is waited for is what was asked for.
It knows `ipvsadm` with list flags alone, and no SPDY (kubectl 1.31 and newer need none).
"""

import asyncio

import aiohttp
import uvloop
from api import Api
from controller import Controller
from filling import fill
from fleet import Fleet
from kubelet import Kubelet
from options import Options, parse
from tables import Tables


async def main(options: Options) -> None:
    """Fill the API server, say so in the ready file, serve until the end."""
    limits = aiohttp.ClientTimeout(total=120)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64), timeout=limits) as session:
        api = Api(session, options.api, options.pki)
        fleet = Fleet(options)
        kubelet = Kubelet(fleet, Tables(options.services, options.reals))
        await kubelet.serve()
        seconds = await fill(api, fleet)
        async with Controller(api, fleet):
            ready = options.ready_file.with_suffix(".new")
            ready.write_text(f"{options.nodes} nodes and kube-proxy pods in {seconds:.1f} s\n")
            ready.rename(options.ready_file)
            await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(parse()))
