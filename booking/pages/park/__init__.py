"""The operator's pages: where the park is described and looked after."""
