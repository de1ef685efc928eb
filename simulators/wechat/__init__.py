"""api.weixin.qq.com on loopback: `python -m simulators.wechat --port N`."""
