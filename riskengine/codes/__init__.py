"""The trade's codes, and the reference tables behind them: containers, ports, goods, ships, countries."""
