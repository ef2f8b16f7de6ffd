"""The graph of variables: in which order criticism goes back through it, and a picture of it."""

import textwrap
from collections import Counter, defaultdict


def backward_order(root) -> tuple[list, list[list[int]]]:
    """Which variables a backward pass visits.

    Args:
        root: the variable that it starts from.

    Returns:
        `root` and the variables behind it that require a gradient, each after all that are made from it; and for each
        of them the indices of those that are.
    """
    made_from, stack = {}, [root] if root.requires_grad else []
    while stack:
        node = stack.pop()
        if node not in made_from:
            made_from[node] = [variable for variable in node.predecessors if variable.requires_grad]
            stack.extend(made_from[node])
    uses = Counter(variable for predecessors in made_from.values() for variable in predecessors)
    order, after = list(made_from)[:1], defaultdict(list)
    for index, node in enumerate(order):  # grows while we go through it
        for variable in made_from[node]:
            after[variable].append(index)
            if len(after[variable]) == uses[variable]:
                order.append(variable)
    return order, [after[node] for node in order]


def draw(root, print_gradients: bool = False):
    """The graph behind a variable as a `graphviz.Digraph`.

    Args:
        root: the variable.
        print_gradients: True shows criticism too.

    Raises:
        ImportError: the Python package graphviz is missing.
    """
    try:
        from graphviz import Digraph, escape
    except ImportError as error:
        raise ImportError("generate_graph needs the Python package graphviz: pip install graphviz") from error
    graph, numbers, nodes = Digraph(), {root: 0}, [root]
    for node in nodes:  # grows while we go through it
        said = f"\n\n{node.get_gradient_text()}" if print_gradients and node.gradients else ""
        lines = f"{node.role_description}\n\n{node.get_short_value()}{said}".split("\n")
        graph.node(str(numbers[node]), label=escape("\n".join(textwrap.fill(line, 40) for line in lines)))
        for variable in node.predecessors:
            if variable not in numbers:
                numbers[variable] = len(nodes)
                nodes.append(variable)
            graph.edge(str(numbers[variable]), str(numbers[node]))
    return graph
