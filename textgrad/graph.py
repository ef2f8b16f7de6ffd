"""The computation graph: backward order and drawing."""

import textwrap
from collections import Counter, defaultdict


def backward_order(root) -> tuple[list, list[list[int]]]:
    """Return the variables that a backward pass visits, in order.

    Args:
        root: the variable to start from.

    Returns:
        The variables that require a gradient, each after all variables computed from it; and for each variable the
        indices of the variables computed from it.
    """
    inputs_of, stack = {}, [root] if root.requires_grad else []
    while stack:
        node = stack.pop()
        if node not in inputs_of:
            inputs_of[node] = [variable for variable in node.predecessors if variable.requires_grad]
            stack.extend(inputs_of[node])
    uses = Counter(variable for predecessors in inputs_of.values() for variable in predecessors)
    order, after = list(inputs_of)[:1], defaultdict(list)
    for index, node in enumerate(order):  # the list grows during the loop
        for variable in inputs_of[node]:
            after[variable].append(index)
            if len(after[variable]) == uses[variable]:
                order.append(variable)
    return order, [after[node] for node in order]


def draw(root, print_gradients: bool = False):
    """Return the graph of a variable's predecessors as a `graphviz.Digraph`.

    Args:
        root: the variable.
        print_gradients: True also shows gradients.

    Raises:
        ImportError: the Python package graphviz is not installed.
    """
    try:
        from graphviz import Digraph, escape
    except ImportError as error:
        raise ImportError("generate_graph needs the Python package graphviz: pip install graphviz") from error
    graph, numbers, nodes = Digraph(), {root: 0}, [root]
    for node in nodes:  # the list grows during the loop
        gradients = f"\n\n{node.get_gradient_text()}" if print_gradients and node.gradients else ""
        lines = f"{node.role_description}\n\n{node.get_short_value()}{gradients}".split("\n")
        graph.node(str(numbers[node]), label=escape("\n".join(textwrap.fill(line, 40) for line in lines)))
        for variable in node.predecessors:
            if variable not in numbers:
                numbers[variable] = len(nodes)
                nodes.append(variable)
            graph.edge(str(numbers[variable]), str(numbers[node]))
    return graph
