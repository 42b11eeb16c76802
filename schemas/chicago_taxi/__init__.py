"""Chicago taxi trips: will the passenger tip more than 20 % of the fare?"""
